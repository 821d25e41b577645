import type { ConfigDraft, SectionDraft, ServerDraft } from './draft.js';
import type { NamedPath, TlsSettings } from './model.js';

/** What the SSL* directives outside sections have said so far; `engine` is SSLEngine. */
export type TlsDraft = {
  -readonly [Member in keyof Omit<TlsSettings, 'position' | 'sectionsVerify'>]?: TlsSettings[Member];
} & {
  engine?: { readonly on: boolean; readonly position: TlsSettings['position'] };
  /** SSLCACertificateFile of sections. */
  sectionAuthorities?: readonly NamedPath[];
};

const defaults = {
  certificateFiles: [],
  keyFiles: [],
  verifyClient: 'none',
  verifyDepth: 1,
  protocols: ['TLSv1.2', 'TLSv1.3'],
  cipherList: 'DEFAULT',
  honorCipherOrder: false,
  sessionTickets: true,
  sessionTimeoutSeconds: 300,
  strictSni: false,
  sniPolicy: 'secure',
} as const satisfies Partial<TlsSettings>;

/** TLS of a virtual host, with what the main server says where it says nothing; undefined: SSLEngine is not on. */
export function buildTls(draft: ConfigDraft, server: ServerDraft): TlsSettings | undefined {
  const { engine, sectionAuthorities = [], ...said } = { ...draft.mainServer.tls, ...server.tls };
  if (engine === undefined || !engine.on) return undefined;
  const hasLists = said.revocationFile !== undefined || said.revocationPath !== undefined;
  return {
    ...defaults,
    // Whoever names lists and does not say whether they count means that they do.
    checksRevocation: hasLists,
    // There is one handshake for all sections: check-tls.ts sees to it that they name the same file.
    ...(sectionAuthorities[0] === undefined ? {} : { authorityFile: sectionAuthorities[0] }),
    ...said,
    ...mainServerOnly(draft),
    position: engine.position,
    sectionsVerify: [draft.mainServer, server].some(({ body }) => asksForCertificate(body)),
  };
}

/** One check for all, whatever a virtual host says. */
function mainServerOnly({ mainServer: { tls } }: ConfigDraft): Partial<TlsSettings> {
  return tls.strictSni === undefined ? {} : { strictSni: tls.strictSni };
}

function asksForCertificate({ settings, sections }: SectionDraft): boolean {
  const mode = settings.tls?.verifyClient?.mode ?? 'none';
  return mode !== 'none' || sections.some(({ draft }) => asksForCertificate(draft));
}
