import type { LoginNews } from './login-news.js';

/** News by what has to be kept longer; plain objects that survive a message between processes. */
export interface GatheredNews {
  readonly failures: readonly LoginNews[];
  readonly successes: readonly LoginNews[];
}

/** As long as what others do not know may matter little. */
const gatherMs = 20;
/** More than can be checked in that time: what is left out counts in this process all the same. */
const mostGathered = 2000;

/** Sends news in batches: each alone would cost every front end a message. */
export function gatherNews(send: (news: GatheredNews) => void): (news: LoginNews) => void {
  let failures: LoginNews[] = [];
  let successes: LoginNews[] = [];

  function flush(): void {
    const news = { failures, successes };
    failures = [];
    successes = [];
    send(news);
  }

  return (news) => {
    if (failures.length + successes.length === 0) setTimeout(flush, gatherMs).unref();
    const list = news.kind === 'failure' ? failures : successes;
    if (list.length < mostGathered) list.push(news);
  };
}
