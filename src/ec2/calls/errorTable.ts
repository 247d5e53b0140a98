import type { ErrorClass } from './port.ts';

/**
 * AWS error code → how it is treated. Sources: "Error codes for the Amazon EC2 API" (EC2 API reference), "Common
 * errors" of Systems Manager; for what is worth another zone or type also Karpenter's list of unfulfillable capacity.
 * The code decides, not the HTTP status: EC2 answers InsufficientInstanceCapacity with 500 and RequestLimitExceeded with 503.
 */
const CODES = {
  // Another zone or type may have what this one lacks.
  InsufficientInstanceCapacity: 'capacity',
  InsufficientCapacity: 'capacity',
  InsufficientHostCapacity: 'capacity',
  InsufficientReservedInstanceCapacity: 'capacity',
  InsufficientVolumeCapacity: 'capacity',
  InsufficientAddressCapacity: 'capacity',
  InsufficientFreeAddressesInSubnet: 'capacity',
  ReservationCapacityExceeded: 'capacity',
  SpotMaxPriceTooLow: 'capacity',
  UnfulfillableCapacity: 'capacity',
  // "… an Availability Zone that currently has constraints on that instance type".
  Unsupported: 'capacity',
  VolumeTypeNotAvailableInZone: 'capacity',

  // The account has no more to give until something ends or AWS raises a limit; see also the rule for …LimitExceeded.
  InstanceLimitExceeded: 'quota',
  VcpuLimitExceeded: 'quota',
  MaxSpotInstanceCountExceeded: 'quota',
  RequestResourceCountExceeded: 'quota',
  ResourceCountExceeded: 'quota',
  VolumeIOPSLimit: 'quota',
  PendingVerification: 'quota',

  RequestLimitExceeded: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  ThrottledException: 'throttled',
  RequestThrottled: 'throttled',
  RequestThrottledException: 'throttled',
  TooManyRequestsException: 'throttled',
  EC2ThrottledException: 'throttled',
  SlowDown: 'throttled',

  // The token is bound already; look up the instance that it is bound to. The second one is EC2's answer since January
  // 2025 when the token's instance has terminated (boto/boto3#4406); earlier it answered with that instance.
  IdempotentParameterMismatch: 'mismatch',
  IdempotentInstanceTerminated: 'mismatch',

  'InvalidInstanceID.NotFound': 'gone',

  DryRunOperation: 'dryRunOK',

  // A person must fix credentials, permissions, the account or the class; see also the rules below.
  AccessDenied: 'userFix',
  AccessDeniedException: 'userFix',
  AccountDisabled: 'userFix',
  AuthFailure: 'userFix',
  Blocked: 'userFix',
  BootForVolumeTypeUnsupported: 'userFix',
  CustomerKeyHasBeenRevoked: 'userFix',
  EncryptedVolumesNotSupported: 'userFix',
  ExpiredToken: 'userFix',
  ExpiredTokenException: 'userFix',
  FilterLimitExceeded: 'userFix',
  IncompleteSignature: 'userFix',
  OperationNotPermitted: 'userFix',
  OptInRequired: 'userFix',
  ParameterNotFound: 'userFix',
  ParameterVersionNotFound: 'userFix',
  RequestExpired: 'userFix',
  SecurityGroupLimitExceeded: 'userFix',
  SecurityGroupsPerInstanceLimitExceeded: 'userFix',
  SecurityGroupsPerInterfaceLimitExceeded: 'userFix',
  SignatureDoesNotMatch: 'userFix',
  SpotServiceLinkedRoleCreationNotPermitted: 'userFix',
  TagLimitExceeded: 'userFix',
  TagPolicyViolation: 'userFix',
  UnauthorizedOperation: 'userFix',
  UnrecognizedClientException: 'userFix',
  UnknownParameter: 'userFix',
  UnknownVolumeType: 'userFix',
  VPCIdNotSpecified: 'userFix',
  VPCResourceNotSpecified: 'userFix',
  ValidationError: 'userFix',
  ValidationException: 'userFix',

  // Listed although unknown codes are treated alike: AWS documents that these leave the outcome open.
  InternalError: 'ambiguous',
  // Another request is under way, and its outcome is open.
  PriorRequestNotComplete: 'ambiguous',
  InternalFailure: 'ambiguous',
  InternalServerError: 'ambiguous',
  ServiceUnavailable: 'ambiguous',
  Unavailable: 'ambiguous',
} as const satisfies Readonly<Record<string, ErrorClass>>;

/**
 * Families that EC2 keeps adding to. They hold for HTTP 4xx alone, which AWS documents as "caused by something the
 * client did": such a request was refused, it did not half happen.
 */
const FAMILIES: readonly (readonly [RegExp, ErrorClass])[] = [
  [/^[A-Z]\w*LimitExceeded$/, 'quota'],
  [/^(AuthFailure|Invalid\w*|Malformed\w*|Missing\w*|Unsupported\w*|Encrypted\w*)(\.[\w.]+)?$/, 'userFix'],
  [/^[A-Z]\w*\.(NotFound|Malformed|NotSupported|Unsupported|Unavailable)$/, 'userFix'],
];

const BY_CODE = new Map<string, ErrorClass>(Object.entries(CODES));

/** All codes that are listed by name, for tests and documentation. */
export const listedCodes: ReadonlyMap<string, ErrorClass> = BY_CODE;

/** The class of an answer that carried this code. A code that is not known to be harmless is `ambiguous`. */
export function classOfCode(code: string, httpStatus: number): ErrorClass {
  const listed = BY_CODE.get(code);
  if (listed) return listed;
  if (httpStatus < 400 || httpStatus > 499) return 'ambiguous';
  return FAMILIES.find(([pattern]) => pattern.test(code))?.[1] ?? 'ambiguous';
}
