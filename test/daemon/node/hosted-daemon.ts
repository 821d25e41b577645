import { afterAll, beforeAll } from 'vitest';
import { type DaemonOptions, Folder, type FrontEnd, TestDaemon } from './daemon-client.js';

export interface Hosted {
  readonly folder: Folder;
  daemon: TestDaemon;
  frontEnd: FrontEnd;
}

/** One daemon process for the tests of a `describe`, with a connection and a folder for scripts. */
export function hostDaemon(options: DaemonOptions = {}): Hosted {
  const hosted = { folder: new Folder() } as Hosted;
  beforeAll(async () => {
    hosted.daemon = await TestDaemon.started(options);
    hosted.frontEnd = await hosted.daemon.connect();
  });
  afterAll(async () => {
    await hosted.daemon.stop();
    hosted.folder.remove();
  });
  return hosted;
}
