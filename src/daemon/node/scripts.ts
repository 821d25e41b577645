import type { RequestTarget } from '../../wire/index.js';
import { toFileName } from './file-name.js';
import { ScriptFile } from './script-file.js';

/** A load failed; `first` for whoever started it, who reports the cause for all that waited. */
export interface LoadFailure {
  readonly error: unknown;
  readonly first: boolean;
}

export type LoadResult = { readonly script: ScriptFile } | { readonly failure: LoadFailure };

/** Failed loads leave modules in Node that cannot be taken out again; after this many the process is to be replaced. */
const failuresUntilReplacement = 100;

export interface ScriptsListener {
  /** Somebody tries to. */
  loading(): void;
  /** For the first time. */
  loaded(path: string, applicationGroup: string): void;
  /** This process had better be replaced. */
  wornOut(reason: string): void;
}

/** The script files loaded in this process, one per (script file, application group). */
export class Scripts {
  /** By application group, then by path. */
  readonly #loaded = new Map<string, Map<string, ScriptFile>>();
  readonly #loading = new Map<string, Promise<ScriptFile>>();
  readonly #listener: ScriptsListener;
  #failures = 0;
  /** What was asked for last, and found. */
  #latest: { readonly target: RequestTarget; readonly script: ScriptFile } | undefined;

  constructor(listener: ScriptsListener) {
    this.#listener = listener;
  }

  /** Undefined if it has to be loaded first. */
  loaded(path: string, applicationGroup: string): ScriptFile | undefined {
    return this.#loaded.get(applicationGroup)?.get(path);
  }

  /** As {@link loaded}, for the script of a request: most have the same target as the one before, the very object. */
  loadedFor(target: RequestTarget): ScriptFile | undefined {
    if (this.#latest?.target === target) return this.#latest.script;
    const script = this.loaded(toFileName(target.scriptFile), target.applicationGroup);
    if (script !== undefined) this.#latest = { target, script };
    return script;
  }

  /** Loads the script once, however many ask; a failed load leaves nothing behind, so that the next one tries again. */
  async load(path: string, applicationGroup: string): Promise<LoadResult> {
    const loaded = this.loaded(path, applicationGroup);
    if (loaded !== undefined) return { script: loaded };
    const key = keyOf(path, applicationGroup);
    let loading = this.#loading.get(key);
    const first = loading === undefined;
    if (loading === undefined) {
      loading = this.#start(path, applicationGroup);
      this.#loading.set(key, loading);
    }
    try {
      return { script: await loading };
    } catch (error) {
      return { failure: { error, first } };
    }
  }

  async #start(path: string, applicationGroup: string): Promise<ScriptFile> {
    const key = keyOf(path, applicationGroup);
    this.#listener.loading();
    try {
      const script = await ScriptFile.load(path);
      this.#keep(script, applicationGroup);
      this.#listener.loaded(path, applicationGroup);
      return script;
    } catch (error) {
      this.#failures += 1;
      if (this.#failures % failuresUntilReplacement === 0)
        this.#listener.wornOut(`${this.#failures} loads of scripts have failed, the last one of ${path}`);
      throw error;
    } finally {
      this.#loading.delete(key);
    }
  }

  #keep(script: ScriptFile, applicationGroup: string): void {
    const group = this.#loaded.get(applicationGroup) ?? new Map<string, ScriptFile>();
    this.#loaded.set(applicationGroup, group.set(script.path, script));
    this.#latest = undefined;
  }
}

function keyOf(path: string, applicationGroup: string): string {
  return `${applicationGroup}\0${path}`;
}
