import { hideSecrets } from './secrets.js';
import type { Node } from './tree.js';

/**
 * The site file as it is after files, macros, conditionals and variables: each directive below a comment that says where it
 * comes from. Passwords and keys are left out.
 */
export function formatResolved(nodes: readonly Node[], serverRoot: string): string {
  const lines = [`ServerRoot "${serverRoot}"`, ...nodes.flatMap((node) => formatNode(node, ''))];
  return `${lines.map(printable).join('\n')}\n`;
}

function formatNode(node: Node, indent: string): string[] {
  const origin = `${indent}# ${describeOrigin(node)}`;
  if (node.kind === 'directive')
    return [origin, `${indent}${endSafely(hideSecrets(join(node.name, node.text)))}`];
  return [
    origin,
    `${indent}<${join(node.name, node.text)}>`,
    ...node.children.flatMap((child) => formatNode(child, `${indent}    `)),
    `${indent}</${node.name}>`,
  ];
}

function describeOrigin({ place: { position, origin } }: Node): string {
  const where = `${position.file}:${position.line}`;
  return endSafely(origin === undefined ? where : `${where} ${origin}`);
}

function join(name: string, text: string): string {
  return text === '' ? name : `${name} ${text}`;
}

/** A backslash at the very end would take the next line with it. */
function endSafely(line: string): string {
  return line.endsWith('\\') ? `${line} ` : line;
}

/** Names of files may hold anything. */
function printable(line: string): string {
  return line.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, '?');
}
