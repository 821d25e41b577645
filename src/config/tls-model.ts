import type { Condition } from '../expressions/index.js';
import type { OptionsSetting, Position } from './model.js';

/** A file or directory that a directive names; absolute. */
export interface NamedPath {
  readonly path: string;
  readonly position: Position;
  /** As the user wrote it. */
  readonly directive: string;
}

export type VerifyClient = 'none' | 'optional' | 'require' | 'optional_no_ca';

/** As OpenSSL and Node name them. */
export type TlsProtocol = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** What the SSL* directives outside sections say of a virtual host that speaks TLS. Names of files only: no keys. */
export interface TlsSettings {
  /** Of SSLEngine. */
  readonly position: Position;
  /** In the order of the file; the keys belong to the certificates by their order, and may stand in their files. */
  readonly certificateFiles: readonly NamedPath[];
  readonly keyFiles: readonly NamedPath[];
  readonly chainFile?: NamedPath;
  /** Whose client certificates are believed. */
  readonly authorityFile?: NamedPath;
  /** A directory with names made by `openssl rehash`. */
  readonly authorityPath?: NamedPath;
  readonly revocationFile?: NamedPath;
  readonly revocationPath?: NamedPath;
  /** Whether the lists above are asked. */
  readonly checksRevocation: boolean;
  /** What is asked of every connection. */
  readonly verifyClient: VerifyClient;
  /** A section asks for a certificate, so the handshake does, too. */
  readonly sectionsVerify: boolean;
  /** Most certificates of authorities above the client's. */
  readonly verifyDepth: number;
  /** Not empty; in the order of their age. */
  readonly protocols: readonly TlsProtocol[];
  /** Up to TLS 1.2, in OpenSSL's language. */
  readonly cipherList: string;
  /** Of TLS 1.3; absent: OpenSSL's. */
  readonly cipherSuites?: string;
  readonly honorCipherOrder: boolean;
  readonly sessionTickets: boolean;
  readonly sessionTimeoutSeconds: number;
  /** SSLStrictSNIVHostCheck: clients that name no host are refused. */
  readonly strictSni: boolean;
  /** SSLVHostSNIPolicy: how alike the settings of two hosts must be for one connection to serve both. */
  readonly sniPolicy: 'strict' | 'secure' | 'authonly' | 'insecure';
}

/** What the SSL* directives of a section say. */
export interface TlsAccess {
  /** SSLRequireSSL. */
  readonly requireTls?: Position;
  readonly verifyClient?: { readonly mode: VerifyClient; readonly position: Position };
  readonly verifyDepth?: number;
  /** SSLRequire: all of them must hold. */
  readonly requirements?: readonly TlsRequirement[];
  readonly options?: OptionsSetting;
  /** SSLUserName: the variable whose value becomes REMOTE_USER. */
  readonly userName?: string;
}

export interface TlsRequirement {
  readonly condition: Condition;
  /** As written. */
  readonly text: string;
  readonly position: Position;
}
