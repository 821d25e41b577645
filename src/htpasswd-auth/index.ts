export { authenticate } from './authenticate.js';
export { createGate, type Gate, GateFull } from './gate.js';
export { type HashRequest, hashPassword } from './hash-password.js';
export { readPasswordLines } from './password-file.js';
export { recogniseHash, type StoredHash } from './stored-hash.js';
export { verifyPassword } from './verify-password.js';
