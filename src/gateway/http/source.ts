/**
 * The sender as which an address counts for limits. One machine can have a whole IPv6 network of addresses (an EC2
 * instance a prefix of 80 bits, a subnet 64), so an IPv6 address counts by its first 64 bits. An IPv4 address counts
 * alone, also in its IPv6 form.
 */
export function sourceOf(address: string): string {
  if (!address.includes(':')) return address;
  const ipv4 = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  if (ipv4 !== undefined) return ipv4;
  const [head = '', tail] = address.split('::');
  const first = groupsOf(head);
  const last = groupsOf(tail ?? '');
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0');
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':').toLowerCase()}::/64`;
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
