import { spawnSync } from 'node:child_process';
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedPath, ServerConfig, TlsSettings, VirtualHost } from '../config/model.js';
import { createHostContext } from './host-context.js';
import type { HostMaterial, MaterialFault, TlsMaterial } from './material.js';
import { isCertificate, isEncrypted, isPrivateKey, type PemBlock, readPemBlocks } from './pem.js';

/** All that front ends need, or every fault of the files. Both come as they are: with a fault that is an error, nobody can serve. */
export function readTlsMaterial(config: ServerConfig): {
  readonly material: TlsMaterial;
  readonly faults: readonly MaterialFault[];
} {
  const faults: MaterialFault[] = [];
  const hosts = [config.mainServer, ...config.virtualHosts].flatMap((host) => {
    const { tls } = host.settings;
    return tls === undefined ? [] : [new HostReader(host, tls, config, faults).read()];
  });
  return { material: { hosts, ticketKeys: randomBytes(48) }, faults };
}

/** Reads the files of one virtual host. */
class HostReader {
  readonly #host: VirtualHost;
  readonly #tls: TlsSettings;
  readonly #config: ServerConfig;
  readonly #faults: MaterialFault[];

  constructor(host: VirtualHost, tls: TlsSettings, config: ServerConfig, faults: MaterialFault[]) {
    this.#host = host;
    this.#tls = tls;
    this.#config = config;
    this.#faults = faults;
  }

  read(): HostMaterial {
    const {
      certificateFiles,
      authorityFile,
      authorityPath,
      revocationFile,
      revocationPath,
      checksRevocation,
    } = this.#tls;
    const before = this.#faults.length;
    const chain = this.#tls.chainFile === undefined ? [] : this.#certificatesOf(this.#tls.chainFile);
    const parameters = certificateFiles
      .flatMap((file) => this.#blocksOf(file))
      .find(({ label }) => label === 'DH PARAMETERS');
    const material: HostMaterial = {
      hostId: this.#host.id,
      identities: certificateFiles.flatMap((file, at) => this.#readIdentity(file, at, chain)),
      ...(parameters === undefined ? {} : { parameters: parameters.text }),
      authorities: [
        ...(authorityFile === undefined ? [] : this.#certificatesOf(authorityFile)),
        ...(authorityPath === undefined
          ? []
          : this.#hashedFiles(authorityPath, /^[0-9a-f]{8}\.\d+$/, isCertificate)),
      ],
      revocationLists: checksRevocation
        ? [
            ...(revocationFile === undefined ? [] : this.#listsOf(revocationFile)),
            ...(revocationPath === undefined
              ? []
              : this.#hashedFiles(revocationPath, /^[0-9a-f]{8}\.r\d+$/, isRevocationList)),
          ]
        : [],
    };
    if (this.#faults.slice(before).every(({ severity }) => severity === 'warning')) this.#tryOut(material);
    return material;
  }

  #readIdentity(file: NamedPath, at: number, chain: readonly string[]): HostMaterial['identities'] {
    const certificates = this.#certificatesOf(file);
    const keyFile = this.#tls.keyFiles[at] ?? file;
    const block = this.#blocksOf(keyFile).find(isPrivateKey);
    const [certificate] = certificates;
    if (certificate === undefined) return [];
    if (block === undefined) {
      if (this.#canRead(keyFile))
        this.#fail('tls-file-unusable', keyFile, 'holds no private key in PEM form');
      return [];
    }
    const key = this.#readKey(keyFile, block);
    if (key === undefined || !this.#belongs(certificate, key, file, keyFile)) return [];
    return [{ certificates: [...certificates, ...chain].join(''), key }];
  }

  /** In PEM, not encrypted. */
  #readKey(file: NamedPath, block: PemBlock): string | undefined {
    try {
      if (!isEncrypted(block)) {
        createPrivateKey(block.text);
        return block.text;
      }
      const passphrase = this.#askPassPhrase(file, block);
      if (passphrase === undefined) return undefined;
      const key = createPrivateKey({ key: block.text, passphrase });
      return key.export({ type: 'pkcs8', format: 'pem' }).toString();
    } catch (error) {
      this.#fail('tls-file-unusable', file, `holds no key that can be used: ${describe(error)}`);
      return undefined;
    }
  }

  /** As httpd calls it: with the name of the server and the kind of key. */
  #askPassPhrase(file: NamedPath, block: PemBlock): string | undefined {
    const { passPhraseProgram } = this.#config.global;
    if (passPhraseProgram === undefined) {
      this.#fail(
        'tls-key-encrypted',
        file,
        'is encrypted, and nobody is there to type its password (SSLPassPhraseDialog builtin)',
      );
      return undefined;
    }
    const { serverName, addresses } = this.#host;
    const port = serverName?.port ?? addresses.find((address) => address.port !== '*')?.port ?? 443;
    const kind = block.label.startsWith('EC') ? 'ECC' : block.label.startsWith('DSA') ? 'DSA' : 'RSA';
    const run = spawnSync(passPhraseProgram, [`${serverName?.host ?? ''}:${port}`, kind], {
      encoding: 'utf8',
      timeout: 30_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    if (run.status === 0) return run.stdout.replace(/\r?\n$/, '');
    const reason = run.error?.message ?? `it ended with ${run.status ?? run.signal}`;
    this.#fail(
      'tls-key-encrypted',
      file,
      `is encrypted, and ${passPhraseProgram} gave no password: ${reason}`,
    );
    return undefined;
  }

  #belongs(certificate: string, key: string, file: NamedPath, keyFile: NamedPath): boolean {
    try {
      if (new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) return true;
      this.#fail(
        'tls-key-mismatch',
        keyFile,
        `holds a key that does not belong to the certificate in ${file.path}`,
      );
    } catch (error) {
      this.#fail('tls-file-unusable', file, `holds no certificate that can be used: ${describe(error)}`);
    }
    return false;
  }

  #certificatesOf(file: NamedPath): string[] {
    const found = this.#blocksOf(file).filter(isCertificate);
    if (found.length === 0 && this.#canRead(file))
      this.#fail('tls-file-unusable', file, 'holds no certificate in PEM form');
    return found.map(({ text }) => text);
  }

  #listsOf(file: NamedPath): string[] {
    const found = this.#blocksOf(file).filter(isRevocationList);
    if (found.length === 0 && this.#canRead(file))
      this.#fail('tls-file-unusable', file, 'holds no list of revoked certificates in PEM form (X509 CRL)');
    return found.map(({ text }) => text);
  }

  /** Of a directory, what OpenSSL would find there: files under the names that `openssl rehash` gives. */
  #hashedFiles(folder: NamedPath, name: RegExp, wanted: (block: PemBlock) => boolean): string[] {
    let names: string[];
    try {
      names = readdirSync(folder.path).filter((candidate) => name.test(candidate));
    } catch (error) {
      this.#fail('tls-file-unusable', folder, `cannot be read: ${describe(error)}`);
      return [];
    }
    const found = names.flatMap((candidate) =>
      this.#blocksOf({ ...folder, path: join(folder.path, candidate) }).filter(wanted),
    );
    if (found.length === 0)
      this.#fail('tls-file-unusable', folder, 'holds nothing under names as `openssl rehash` makes them');
    return found.map(({ text }) => text);
  }

  readonly #blocks = new Map<string, readonly PemBlock[] | undefined>();

  #blocksOf(file: NamedPath): readonly PemBlock[] {
    if (!this.#blocks.has(file.path)) this.#blocks.set(file.path, this.#readBlocks(file));
    return this.#blocks.get(file.path) ?? [];
  }

  #canRead(file: NamedPath): boolean {
    return this.#blocks.get(file.path) !== undefined;
  }

  #readBlocks(file: NamedPath): readonly PemBlock[] | undefined {
    try {
      return readPemBlocks(readFileSync(file.path, 'latin1'));
    } catch (error) {
      this.#fail('tls-file-unusable', file, `cannot be read: ${describe(error)}`);
      return undefined;
    }
  }

  /** Nothing is left to find out when the first client is there. */
  #tryOut(material: HostMaterial): void {
    try {
      createHostContext(this.#tls, material, Buffer.alloc(48));
    } catch (error) {
      const [file] = this.#tls.certificateFiles;
      if (file !== undefined)
        this.#fail('tls-file-unusable', file, `is not accepted by OpenSSL: ${describe(error)}`);
    }
  }

  #fail(kind: MaterialFault['kind'], { path, position, directive }: NamedPath, what: string): void {
    this.#faults.push({ severity: 'error', kind, position, directive, message: `${path} ${what}` });
  }
}

function isRevocationList({ label }: PemBlock): boolean {
  return label === 'X509 CRL';
}

/** Without the text of a key, whatever an error holds. */
function describe(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'unknown error';
}
