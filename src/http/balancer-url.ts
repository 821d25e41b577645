/** `balancer://name[/path]`. */
export interface BalancerUrl {
  /** Lower-cased: names of balancers are compared without case (as httpd). */
  readonly name: string;
  /** Starts with `/` or is empty. */
  readonly path: string;
}

export type ParsedBalancerUrl =
  | ({ readonly kind: 'balancer' } & BalancerUrl)
  | { readonly kind: 'wrong'; readonly message: string }
  /** Another scheme. */
  | { readonly kind: 'other' };

/** Which balancer a URL names. The name ends at the first slash or `$`: no request can choose which balancer a pattern reaches. */
export function parseBalancerUrl(url: string): ParsedBalancerUrl {
  const parts = /^balancer:\/\/([^/$]*)(.*)$/is.exec(url);
  if (parts === null) return { kind: 'other' };
  const [, name = '', path = ''] = parts;
  if (!/^[\w.~-]+$/.test(name) || (path !== '' && !path.startsWith('/')))
    return {
      kind: 'wrong',
      message: `expected balancer://name/, with a name of letters, digits, '-', '_' and '.', not '${url}'`,
    };
  return { kind: 'balancer', name: name.toLowerCase(), path };
}
