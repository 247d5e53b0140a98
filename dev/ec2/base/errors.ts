/**
 * An error as EC2 answers it. Codes and HTTP statuses follow "Error codes for the Amazon EC2 API".
 */
export class CloudError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'CloudError';
    this.code = code;
    this.status = statusOf(code);
  }
}

// Client errors are 400; these are not. What AWS lists as server errors is retried by SDKs because of the status.
const STATUS: Readonly<Record<string, number>> = {
  DryRunOperation: 412,
  AuthFailure: 401,
  MissingAuthenticationToken: 403,
  UnauthorizedOperation: 403,
  RequestExpired: 400,
  InsufficientInstanceCapacity: 500,
  InternalError: 500,
  InternalFailure: 500,
  RequestLimitExceeded: 503,
  ServiceUnavailable: 503,
  Unavailable: 503,
};

function statusOf(code: string): number {
  return STATUS[code] ?? 400;
}

export function missingParameter(name: string): CloudError {
  return new CloudError('MissingParameter', `The request must contain the parameter ${name}`);
}

export function invalidValue(message: string): CloudError {
  return new CloudError('InvalidParameterValue', message);
}
