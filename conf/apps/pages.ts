export interface Page {
  readonly status: number;
  readonly html: string;
}

interface Mount {
  readonly address: string;
  readonly what: string;
  readonly who: string;
}

/** What conf/site.conf mounts. */
const mounts: readonly Mount[] = [
  { address: '/', what: 'This page: a TypeScript application, Fetch convention', who: 'everyone' },
  { address: '/py', what: 'A Python WSGI application', who: 'everyone' },
  { address: '/static/', what: 'Files', who: 'everyone' },
  { address: '/private', what: 'Behind conf/htpasswd', who: 'alice / wonderland' },
  {
    address: '/members',
    what: 'Behind the users of the TypeScript application',
    who: 'bob / builder',
  },
  {
    address: '/py/members',
    what: 'Behind the users of the Python application',
    who: 'carol / clockwork or dave / drowsy',
  },
  {
    address: '/py/staff',
    what: 'The same, but only the group staff',
    who: 'carol / clockwork',
  },
];

export function renderIndex(): string {
  const rows = mounts.map(
    ({ address, what, who }) =>
      `<tr><td><a href="${address}">${address}</a></td><td>${what}</td><td>${who}</td></tr>`,
  );
  return renderDocument(
    'It works',
    `<p>These are the mounts of <code>conf/site.conf</code>; try each. Where a user and a password are shown, the
browser asks for them. It is a demonstration: change them before anyone else can reach this server.</p>
<table>
<thead><tr><th>Address</th><th>What answers</th><th>Who may enter</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`,
  );
}

export function renderPage(title: string, text: string): string {
  return renderDocument(escapeHtml(title), `<p>${escapeHtml(text)}</p>\n<p><a href="/">All mounts</a></p>`);
}

function renderDocument(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="/static/style.css">
</head>
<body>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
