/** One block of a PEM file. */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, … */
  readonly label: string;
  /** With its first and last line. */
  readonly text: string;
}

/** All blocks of a text; what stands between them is a comment. */
export function readPemBlocks(text: string): PemBlock[] {
  const pattern = /-----BEGIN ([A-Z0-9 ]{1,40})-----\r?\n[A-Za-z0-9+/=:,\s.-]*?-----END \1-----/g;
  return [...text.matchAll(pattern)].map(([block, label = '']) => ({ label, text: `${block}\n` }));
}

export function isCertificate({ label }: PemBlock): boolean {
  return label === 'CERTIFICATE' || label === 'X509 CERTIFICATE';
}

export function isPrivateKey({ label }: PemBlock): boolean {
  return /(^| )PRIVATE KEY$/.test(label);
}

export function isEncrypted({ label, text }: PemBlock): boolean {
  return label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type: *4,ENCRYPTED/m.test(text);
}
