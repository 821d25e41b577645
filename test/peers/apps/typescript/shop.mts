import { readFile } from 'node:fs/promises';
import { Basket, Currency } from './basket.ts';
import type { Item } from './item.ts';

// Top-level await: nobody is served before it is done.
const stock: readonly Item[] = JSON.parse(await readFile(new URL('stock.json', import.meta.url), 'utf8'));

interface Env {
  readonly environ: Readonly<Record<string, string | undefined>>;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === '/fail') return fail(env as unknown as number);
    const basket = new Basket<Item>(Currency.Euro);
    for (const item of stock) basket.add(item);
    return Response.json({ pathname, mount: env.environ.SCRIPT_NAME, total: basket.total() });
  },
} satisfies { fetch(request: Request, env: Env): Promise<Response> };

function fail(_subject: number): never {
  throw new Error('intended failure in TypeScript');
}
