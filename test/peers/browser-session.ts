/** What a browser would keep between requests: cookies; and what it would do by itself: follow redirects. */
export class BrowserSession {
  readonly #origin: string;
  readonly #cookies = new Map<string, string>();

  constructor(origin: string) {
    this.#origin = origin;
  }

  cookie(name: string): string | undefined {
    return this.#cookies.get(name);
  }

  async get(path: string): Promise<Response> {
    return await this.#send(path, { method: 'GET' });
  }

  /** Sends a form as a browser does, with Referer and Origin. */
  async post(path: string, fields: Record<string, string>): Promise<Response> {
    return await this.#send(path, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { referer: this.#origin + path, origin: this.#origin },
    });
  }

  /** Gets the address that a redirect names. */
  async follow(response: Response): Promise<Response> {
    const location = response.headers.get('location');
    if (location === null) throw new Error(`no Location in a ${response.status}`);
    return await this.get(location);
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    const cookies = [...this.#cookies].map(([name, value]) => `${name}=${value}`);
    if (cookies.length > 0) headers.set('cookie', cookies.join('; '));
    const response = await fetch(new URL(path, this.#origin), { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return response;
  }

  #keep(setCookie: string): void {
    const [pair = ''] = setCookie.split(';');
    const at = pair.indexOf('=');
    this.#cookies.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
  }
}

/** A hidden field's value in a form. */
export function readHiddenField(html: string, name: string): string {
  const value = new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1];
  if (value === undefined) throw new Error(`no field ${name}`);
  return value;
}

export function basic(user: string, password: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}
