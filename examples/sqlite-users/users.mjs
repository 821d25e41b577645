/** The table of users. Needs Node 22.5 or later; up to Node 23 it warns that SQLite is experimental. */

import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';

const derive = promisify(scrypt);

export function openUsers(file) {
  const database = new DatabaseSync(file);
  database.exec(`
    CREATE TABLE IF NOT EXISTS users (name TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL, active INTEGER NOT NULL DEFAULT 1);
    CREATE TABLE IF NOT EXISTS members (name TEXT NOT NULL, team TEXT NOT NULL, PRIMARY KEY (name, team));
  `);
  const find = database.prepare('SELECT salt, hash FROM users WHERE name = ? AND active = 1');
  const list = database.prepare('SELECT team FROM members WHERE name = ?');

  return {
    async add(name, password, teams = []) {
      const salt = randomBytes(16);
      const hash = await derive(password, salt, 32);
      database
        .prepare('INSERT OR REPLACE INTO users (name, salt, hash) VALUES (?, ?, ?)')
        .run(name, salt, hash);
      for (const team of teams)
        database.prepare('INSERT OR IGNORE INTO members VALUES (?, ?)').run(name, team);
    },

    /** True or false; null if there is nobody of that name. Both take the same time. */
    async check(name, password) {
      const user = find.get(name);
      const hash = await derive(password, user?.salt ?? 'nobody', 32);
      return user === undefined ? null : timingSafeEqual(hash, user.hash);
    },

    teamsOf: (name) => list.all(name).map(({ team }) => team),
    close: () => database.close(),
  };
}
