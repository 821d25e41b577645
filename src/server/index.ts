export { checkMember } from './check-member.js';
export { createDropReport, readConnectionLimit } from './connection-limit.js';
export type { Exchange } from './exchange.js';
export { refuseUnreadable, serveRequest } from './lifecycle.js';
export {
  createListener,
  type HttpListener,
  type ListenerLimits,
  type UnreadableRequest,
} from './listener.js';
export { isLogWanted } from './log-condition.js';
export { type ConnectionFacts, noBody, type Reply, type RequestRecord } from './request-record.js';
export { serverSoftware } from './server-software.js';
export type { Site, SiteLogs } from './site.js';
export { createSiteLogs } from './site-logs.js';
export { watchHandshake } from './watch-reading.js';
