import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a certificate shall be. */
export interface Wanted {
  /** `/CN=one.test` */
  readonly subject: string;
  /** Lines of an extension section of openssl. */
  readonly extensions?: string;
  /** The name of the one that signs; absent: signs itself. */
  readonly by?: string;
  /** From today; negative: has expired. */
  readonly days?: number;
  readonly kind?: 'ec' | 'rsa';
}

/** A folder in which openssl makes certificates: `NAME.pem` and `NAME.key`. */
export class Certificates {
  readonly folder: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  make(name: string, { subject, extensions = '', by, days = 50, kind = 'ec' }: Wanted): void {
    const key = kind === 'ec' ? ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['rsa:2048'];
    this.openssl(
      'req',
      '-newkey',
      ...key,
      '-nodes',
      '-utf8',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      subject,
    );
    writeFileSync(this.path(`${name}.ext`), extensions);
    const signer =
      by === undefined
        ? ['-signkey', `${name}.key`]
        : ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'];
    this.openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...signer,
      '-days',
      `${days}`,
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    );
  }

  /** A list of revoked certificates of the authority. */
  makeRevocationList(authority: string, revoked: readonly string[], file: string): void {
    writeFileSync(this.path(`${authority}.index`), '');
    writeFileSync(
      this.path(`${authority}.cnf`),
      `[ca]\ndefault_ca=a\n[a]\ndatabase=${this.path(`${authority}.index`)}\ndefault_md=sha256\ndefault_crl_days=30\n`,
    );
    const options = [
      '-config',
      `${authority}.cnf`,
      '-cert',
      `${authority}.pem`,
      '-keyfile',
      `${authority}.key`,
    ];
    for (const name of revoked) this.openssl('ca', ...options, '-revoke', `${name}.pem`);
    this.openssl('ca', ...options, '-gencrl', '-out', file);
  }

  openssl(...words: readonly string[]): string {
    return execFileSync('openssl', words, {
      cwd: this.folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }
}

const authority = 'basicConstraints=critical,CA:true\nkeyUsage=keyCertSign,cRLSign';

/**
 * `root` and, by it, `intermediate`; servers `one` (one.test, localhost), `rsa` (the same, RSA) and `two` (two.test), all by root; clients
 * `joe` (by root), `deep` (by intermediate; `deep-chain.pem` holds both), `old` (expired), `gone` (revoked by `root.crl`), `stranger` (by nobody), `foreign` (by an
 * authority that nobody believes).
 */
export function makeCertificates(folder: string): Certificates {
  const made = new Certificates(folder);
  made.make('root', { subject: '/C=DE/O=Test/CN=Root', extensions: authority });
  made.make('intermediate', { subject: '/C=DE/O=Test/CN=Intermediate', extensions: authority, by: 'root' });
  const names = 'subjectAltName=DNS:one.test,DNS:localhost,DNS:three.test,IP:127.0.0.1';
  made.make('one', { subject: '/CN=one.test', extensions: names, by: 'root' });
  made.make('rsa', { subject: '/CN=one.test', extensions: names, by: 'root', kind: 'rsa' });
  made.make('two', { subject: '/CN=two.test', extensions: 'subjectAltName=DNS:two.test', by: 'root' });
  made.make('joe', {
    subject: '/C=DE/O=Example, Inc/OU=az/CN=Jörg/emailAddress=joe@example.com',
    extensions: 'subjectAltName=email:joe@example.com,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:joe@upn',
    by: 'root',
  });
  made.make('deep', { subject: '/C=DE/CN=Deep', by: 'intermediate' });
  made.make('old', { subject: '/CN=Old', by: 'root', days: -1 });
  made.make('gone', { subject: '/CN=Gone', by: 'root' });
  made.make('stranger', { subject: '/CN=Stranger' });
  made.make('elsewhere', { subject: '/CN=Elsewhere', extensions: authority });
  made.make('foreign', { subject: '/CN=Foreign', by: 'elsewhere' });
  made.makeRevocationList('root', ['gone'], 'root.crl');
  const deep = made.openssl('x509', '-in', 'deep.pem') + made.openssl('x509', '-in', 'intermediate.pem');
  writeFileSync(made.path('deep-chain.pem'), deep);
  return made;
}
