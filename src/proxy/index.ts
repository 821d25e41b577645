export type {
  CallFunction,
  NamedValues,
  OutgoingRequest,
  ReplyMessage,
  ResponseMessage,
  SharedPairs,
} from '../wire/index.js';
export { joinCalled, shareNames, sharePairs } from '../wire/index.js';
export { CallFailure, callFunction } from './calls.js';
export {
  type Forwarding,
  type ForwardOutcome,
  type ForwardRequest,
  forward,
  type ResponseSink,
} from './forwarding.js';
export { ownBytes, type PieceUse, returnBuffer, takeBuffer } from './lent-piece.js';
export { type DaemonProcessEntry, type GroupLimits, ProcessPool, type Runtime } from './process-pool.js';
export type { BodySource } from './upload.js';
