import type { ConfigDraft, ServerDraft } from './draft.js';
import type { VirtualHostAddress } from './model.js';

/**
 * Whether connections begin with a PROXY header is settled before anybody knows which virtual host is meant: one that says so says it for
 * all of its address (as httpd). Two that contradict each other are a mistake.
 */
export function settleProxyProtocol(draft: ConfigDraft): void {
  const said = draft.proxyProtocols.filter(({ server }) => server.id !== 0);
  for (const { server, on, position } of said) {
    for (const other of draft.virtualHosts) {
      if (!sharesAddress(server, other)) continue;
      const opposite = said.find((each) => each.server === other && each.on !== on);
      if (opposite === undefined) other.settings.proxyProtocol = on;
      else if (other.id > server.id)
        draft.mistakes.error(
          { position: opposite.position },
          'RemoteIPProxyProtocol',
          `expected the same as for the same address in ${position.file}:${position.line}`,
        );
    }
  }
}

function sharesAddress(one: ServerDraft, other: ServerDraft): boolean {
  const key = ({ host, port }: VirtualHostAddress) => `${host}:${port}`;
  const keys = new Set(one.addresses.map(key));
  return other.addresses.some((address) => keys.has(key(address)));
}
