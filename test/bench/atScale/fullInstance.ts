/**
 * Elements of an instance that EC2 sends and the embedded cloud leaves out ("Instance" and its parts, EC2 API reference):
 * with them an instance is as long as EC2's own, and a parser has as much to pass over.
 */
const GROUPS =
  '<groupSet><item><groupId>sg-01111111111111111</groupId><groupName>workspaces</groupName></item></groupSet>';
const REST = [
  '<amiLaunchIndex>0</amiLaunchIndex><productCodes/>',
  '<monitoring><state>disabled</state></monitoring>',
  '<privateDnsName>ip-10-0-16-21.eu-central-1.compute.internal</privateDnsName><dnsName/>',
  '<sourceDestCheck>true</sourceDestCheck>',
  '<blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><volumeId>vol-0123456789abcdef0</volumeId>',
  '<status>attached</status><attachTime>2026-01-01T00:00:00.000Z</attachTime>',
  '<deleteOnTermination>true</deleteOnTermination></ebs></item></blockDeviceMapping>',
  '<virtualizationType>hvm</virtualizationType><hypervisor>xen</hypervisor>',
  '<networkInterfaceSet><item><networkInterfaceId>eni-0123456789abcdef0</networkInterfaceId>',
  '<subnetId>subnet-01111111111111111</subnetId><vpcId>vpc-0a1b2c3d4e5f60718</vpcId><description/>',
  '<ownerId>123456789012</ownerId><status>in-use</status><macAddress>02:aa:bb:cc:dd:ee</macAddress>',
  '<privateIpAddress>10.0.16.21</privateIpAddress>',
  '<privateDnsName>ip-10-0-16-21.eu-central-1.compute.internal</privateDnsName>',
  `<sourceDestCheck>true</sourceDestCheck>${GROUPS}`,
  '<attachment><attachmentId>eni-attach-0123456789abcdef0</attachmentId><deviceIndex>0</deviceIndex>',
  '<status>attached</status><attachTime>2026-01-01T00:00:00.000Z</attachTime>',
  '<deleteOnTermination>true</deleteOnTermination><networkCardIndex>0</networkCardIndex></attachment>',
  '<privateIpAddressesSet><item><privateIpAddress>10.0.16.21</privateIpAddress>',
  '<privateDnsName>ip-10-0-16-21.eu-central-1.compute.internal</privateDnsName><primary>true</primary>',
  '</item></privateIpAddressesSet><ipv6AddressesSet/><interfaceType>interface</interfaceType>',
  '<operator><managed>false</managed></operator></item></networkInterfaceSet>',
  '<ebsOptimized>false</ebsOptimized><enaSupport>true</enaSupport>',
  '<cpuOptions><coreCount>1</coreCount><threadsPerCore>2</threadsPerCore></cpuOptions>',
  '<capacityReservationSpecification><capacityReservationPreference>open</capacityReservationPreference>',
  '</capacityReservationSpecification><hibernationOptions><configured>false</configured></hibernationOptions>',
  '<enclaveOptions><enabled>false</enabled></enclaveOptions>',
  '<metadataOptions><state>applied</state><httpTokens>required</httpTokens>',
  '<httpPutResponseHopLimit>2</httpPutResponseHopLimit><httpEndpoint>enabled</httpEndpoint>',
  '<httpProtocolIpv6>disabled</httpProtocolIpv6><instanceMetadataTags>disabled</instanceMetadataTags>',
  '</metadataOptions><maintenanceOptions><autoRecovery>default</autoRecovery>',
  '<rebootMigration>default</rebootMigration></maintenanceOptions>',
  '<currentInstanceBootMode>legacy-bios</currentInstanceBootMode><platformDetails>Linux/UNIX</platformDetails>',
  '<usageOperation>RunInstances</usageOperation>',
  '<usageOperationUpdateTime>2026-01-01T00:00:00.000Z</usageOperationUpdateTime>',
  '<privateDnsNameOptions><hostnameType>ip-name</hostnameType>',
  '<enableResourceNameDnsARecord>false</enableResourceNameDnsARecord>',
  '<enableResourceNameDnsAAAARecord>false</enableResourceNameDnsAAAARecord></privateDnsNameOptions>',
  '<operator><managed>false</managed></operator>',
].join('');
const AT = '<rootDeviceType>';

/** The same answer, with each instance as long as EC2's. */
export const asEc2Answers = (body: string): string => body.replaceAll(AT, `${REST}${AT}`);
