export { checkMember } from './check-member.js';
export { createDropReport, readConnectionLimit } from './connection-limit.js';
export { ConnectionTally } from './connection-tally.js';
export type { Exchange } from './exchange.js';
export { refuseUnreadable, serveRequest } from './lifecycle.js';
export {
  createListener,
  type HttpListener,
  type ListenerHandlers,
  type ListenerLimits,
  type UnreadableRequest,
} from './listener.js';
export { isLogWanted } from './log-condition.js';
export { type ConnectionFacts, noBody, type Reply, type RequestRecord } from './request-record.js';
export { serverSoftware } from './server-software.js';
export { createSharing } from './share-connections.js';
export type { Site, SiteLogs } from './site.js';
export { createSiteLogs } from './site-logs.js';
export { watchHandshake } from './watch-reading.js';
