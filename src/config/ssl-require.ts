/** What SSLRequire says in the language of <If> and Require expr; or what of it cannot be said there. */
export type Translated =
  | { readonly kind: 'translated'; readonly text: string }
  | { readonly kind: 'wrong'; readonly message: string; readonly word: string };

/** Blanks; a text; a variable; a pattern; a number; a word; a sign. */
const tokens =
  /\s+|"(?:[^"\\]|\\.)*"|%\{[^}]*\}|m([^\w\s]).*?\1i?|\/(?:[^/\\]|\\.)*\/i?|\d+|[A-Za-z_]\w*|=~|!~|==|!=|<=|>=|&&|\|\||[<>(){},!]/suy;

const textWords: Readonly<Record<string, string>> = { eq: '==', ne: '!=', '==': '==', '!=': '!=' };
const numberWords: Readonly<Record<string, string>> = {
  lt: '-lt',
  le: '-le',
  gt: '-gt',
  ge: '-ge',
  '<': '-lt',
  '<=': '-le',
  '>': '-gt',
  '>=': '-ge',
};
const keptWords = new Set(['and', 'or', 'not', 'in', 'true', 'false', 'file', ...['=~', '!~', '&&', '||']]);

/**
 * The old language of SSLRequire is almost that of Require expr: other names of operators, and texts in which nothing is replaced. Its
 * `lt` and kin compare what is meant as numbers, and are taken for that only where a number stands.
 */
export function translateSslRequire(written: string): Translated {
  const pieces: string[] = [];
  tokens.lastIndex = 0;
  while (tokens.lastIndex < written.length) {
    const at = tokens.lastIndex;
    const token = tokens.exec(written)?.[0];
    if (token === undefined) return wrong('SSLRequire does not know', written.slice(at).split(/\s/)[0] ?? '');
    const piece = translateToken(token);
    if (piece === undefined) return wrong('SSLRequire does not know', token);
    pieces.push(piece);
  }
  const text = pieces.join('');
  const unequal = /-(?:lt|le|gt|ge)\s+(?!\d)(\S+)/.exec(text)?.[1];
  if (unequal !== undefined && !/\d\s+-(?:lt|le|gt|ge)\s/.test(text))
    return wrong('only numbers can be compared by size: expected one in place of', unequal);
  return { kind: 'translated', text };
}

function wrong(message: string, word: string): Translated {
  return { kind: 'wrong', message: `${message} '${word}'`, word };
}

function translateToken(token: string): string | undefined {
  if (token.startsWith('"')) return quote(token.slice(1, -1));
  if (token.startsWith('%{')) return token.replace(/^%\{ENV:/i, '%{reqenv:');
  if (/^(?:m[^\w\s]|\/)/.test(token) || /^[\s(){},!]/.test(token) || /^\d/.test(token)) return token;
  const lower = token.toLowerCase();
  const operator = textWords[lower] ?? numberWords[lower];
  if (operator !== undefined) return ` ${operator} `;
  return keptWords.has(lower) ? lower : undefined;
}

/** Nothing in it is a variable or a group. */
function quote(text: string): string {
  const plain = text.replace(/\\(.)/gs, '$1');
  return `"${plain.replace(/["\\$%]/g, '\\$&')}"`;
}
