import { realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CallInterface } from '../../wire/index.js';
import { executionContext, type LoadingContext } from './execution-context.js';
import { type Application, findApplication, type Refusal, type Wanted } from './find-application.js';
import { ModuleExports } from './module-exports.js';

/** How long a script that exports nothing may take until it calls `listen()`. */
const listenTimeoutMs = 10_000;

const require = createRequire(import.meta.url);

/** How often each script file was loaded here: Node keeps modules by URL, so that each further time needs a new one. */
const loads = new Map<string, { count: number; failed: boolean }>();

/** One script file as loaded for one application group. */
export class ScriptFile {
  readonly path: string;
  readonly exports: ModuleExports;
  /** Milliseconds since the epoch. */
  readonly loadedAt = Date.now();
  readonly #modifiedNs: bigint | undefined;
  #lookedAt = -1;
  #lookedNs: bigint | undefined;
  #captured: object | undefined;
  readonly #captures: (() => void)[] = [];
  readonly #applications = new Map<string, Promise<Application | Refusal>>();
  /** By the name of the callable, then by interface. */
  readonly #found = new Map<string, { [Interface in CallInterface]?: Application | Refusal }>();

  private constructor(path: string, modifiedNs: bigint | undefined, exports: ModuleExports) {
    this.path = path;
    this.#modifiedNs = modifiedNs;
    this.#lookedNs = modifiedNs;
    this.exports = exports;
  }

  /** Runs the script file. Throws whatever it throws. */
  static async load(path: string): Promise<ScriptFile> {
    // Looked at before the text is read: a change in between is seen as a change.
    const modifiedNs = readModificationTime(path);
    const early: object[] = [];
    let loaded: ScriptFile | undefined;
    const captureServer = (server: object): void => {
      if (loaded === undefined) early.push(server);
      else loaded.#capture(server);
    };
    const context: LoadingContext = { kind: 'loading', captureServer };
    const namespace = await executionContext
      .run(context, () => importScript(path))
      .catch((error: unknown) => {
        context.failure = { error };
        throw error;
      });
    loaded = new ScriptFile(path, modifiedNs, new ModuleExports(namespace));
    if (early[0] !== undefined) loaded.#capture(early[0]);
    return loaded;
  }

  /**
   * The file is not what was loaded any more, or not there. Requests of one `arrival` came in the same read, so that one look
   * after it serves them all.
   */
  hasChanged(arrival: number): boolean {
    if (arrival !== this.#lookedAt) {
      this.#lookedAt = arrival;
      this.#lookedNs = readModificationTime(this.path);
    }
    return this.#lookedNs !== this.#modifiedNs;
  }

  /** As it was when {@link hasChanged} looked: nanoseconds, undefined if the file was not there. */
  get lookedNs(): bigint | undefined {
    return this.#lookedNs;
  }

  /** The application if it was asked for before, so that a request need not wait; see {@link application}. */
  knownApplication(wanted: Wanted): Application | Refusal | undefined {
    return this.#found.get(wanted.callableName)?.[wanted.callInterface];
  }

  /** Finds the application once; rejects if what it needs to become ready fails. */
  application(wanted: Wanted): Promise<Application | Refusal> {
    const key = keyOf(wanted);
    let application = this.#applications.get(key);
    if (application === undefined) {
      application = this.#find(wanted);
      this.#applications.set(key, application);
      application.then(
        (found) => this.#keep(wanted, found),
        () => this.#applications.delete(key),
      );
    }
    return application;
  }

  #keep({ callableName, callInterface }: Wanted, found: Application | Refusal): void {
    this.#found.set(callableName, { ...this.#found.get(callableName), [callInterface]: found });
  }

  async #find(wanted: Wanted): Promise<Application | Refusal> {
    if (this.exports.names.length === 0 && this.#captured === undefined) await this.#waitForListen();
    // Instances become ready in the context of the load: what they start belongs to no request.
    return executionContext.run({ kind: 'loading', captureServer: (server) => this.#capture(server) }, () =>
      findApplication(this.exports, wanted, this.#captured),
    );
  }

  /** `connect().then(() => app.listen(8000))`: the script is loaded before it has its server. */
  #waitForListen(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, listenTimeoutMs);
      this.#captures.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** The first server counts: a second one is for something else. */
  #capture(server: object): void {
    this.#captured ??= server;
    for (const captured of this.#captures.splice(0)) captured();
  }
}

async function importScript(path: string): Promise<object> {
  if (/^\.[mc]?tsx?$/.test(extname(path))) process.setSourceMapsEnabled(true);
  const state = loads.get(path) ?? { count: 0, failed: false };
  loads.set(path, state);
  const url = pathToFileURL(path);
  if (state.failed) url.searchParams.set('modhost-attempt', String(state.count));
  else if (state.count > 0) url.searchParams.set('modhost-group', String(state.count));
  state.count += 1;
  try {
    forgetCommonJs(path);
    const namespace = (await import(url.href)) as object;
    state.failed = false;
    return namespace;
  } catch (error) {
    state.failed = true;
    throw error;
  }
}

/** A CommonJS module is kept by file name, whatever the URL. */
function forgetCommonJs(path: string): void {
  const file = realpathSync.native(path);
  delete require.cache[file];
}

/** Nanoseconds; undefined if there is no such file. */
function readModificationTime(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
}

function keyOf({ callableName, callInterface }: Wanted): string {
  return `${callInterface}\0${callableName}`;
}
