export { type Accepted, createTlsAcceptor, type TlsAcceptor, type TlsPorts } from './accept-tls.js';
export { checkCertificates } from './check-certificates.js';
export { formatLegacyName } from './distinguished-name.js';
export type { MaterialFault, TlsMaterial } from './material.js';
export { readTlsMaterial } from './read-material.js';
export { type ClientVerification, fulfils, judgeClient, type TlsConnection } from './tls-connection.js';
export { listCertificates, listTlsVariables, readLogVariable, readTlsVariable } from './variables.js';
