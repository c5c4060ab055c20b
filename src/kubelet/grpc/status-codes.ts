import { status } from '@grpc/grpc-js'
import { RuntimeError, type RuntimeErrorCode } from '../runtime/runtime.ts'

const codes: Readonly<Record<number, RuntimeErrorCode>> = {
  [status.NOT_FOUND]: 'NotFound',
  [status.ALREADY_EXISTS]: 'AlreadyExists',
  [status.INVALID_ARGUMENT]: 'InvalidArgument',
  [status.DEADLINE_EXCEEDED]: 'DeadlineExceeded',
  [status.UNAVAILABLE]: 'Unavailable',
  [status.UNIMPLEMENTED]: 'Unimplemented',
  [status.CANCELLED]: 'Canceled',
}

/** What a gRPC status means to the agent. */
export const runtimeErrorOf = (code: number, details: string): RuntimeError =>
  new RuntimeError(codes[code] ?? 'Unknown', details)
