/**
 * What TypeScript's decorators and `using` become needs a few functions at run time. The transformed text finds them by a
 * symbol, since a user's file cannot import from modhost.
 */
const helpersKey = 'modhost.typescript-helpers';

/** Put in front of a transformed text that uses helpers; `babelHelpers` is what oxc calls them. */
export const helpersPrelude = `const babelHelpers = globalThis[Symbol.for('${helpersKey}')];`;

export function installHelpers(): void {
  const helpers = { decorate, decorateMetadata, decorateParam, usingCtx };
  Object.defineProperty(globalThis, Symbol.for(helpersKey), { value: Object.freeze(helpers) });
}

type Decorator = (target: object, key?: PropertyKey, descriptor?: unknown) => unknown;

/** A class (no key), a method or accessor (descriptor null) or a property (descriptor undefined), innermost decorator first. */
function decorate(
  decorators: readonly (Decorator | undefined)[],
  target: object,
  ...member: [] | [key: PropertyKey, descriptor: PropertyDescriptor | null | undefined]
): unknown {
  const [key, given] = member;
  if (key === undefined) {
    return decorators.reduceRight<unknown>(
      (result, decorator) => decorator?.(result as object) || result,
      target,
    );
  }
  const before = given === null ? Object.getOwnPropertyDescriptor(target, key) : given;
  const after = decorators.reduceRight<unknown>(
    (result, decorator) => decorator?.(target, key, result) || result,
    before,
  ) as PropertyDescriptor | undefined;
  if (after !== undefined) Object.defineProperty(target, key, after);
  return after;
}

/** Undefined, which {@link decorate} passes over, unless `reflect-metadata` is loaded. */
function decorateMetadata(key: string, value: unknown): Decorator | undefined {
  const { metadata } = Reflect as { metadata?: (key: string, value: unknown) => Decorator };
  return metadata?.(key, value);
}

function decorateParam(
  index: number,
  decorator: (target: object, key: PropertyKey | undefined, index: number) => void,
): Decorator {
  return (target, key) => decorator(target, key, index);
}

interface Resource {
  readonly value: unknown;
  readonly dispose: (() => unknown) | undefined;
  readonly isAsync: boolean;
}

/** The block of `using` and `await using` declarations: resources end in reverse order, errors are kept. */
function usingCtx() {
  const resources: Resource[] = [];
  let failure: { readonly error: unknown } | undefined;
  const add = (value: unknown, isAsync: boolean): unknown => {
    resources.push({ value, dispose: disposerOf(value, isAsync), isAsync });
    return value;
  };
  const fail = (error: unknown): void => {
    failure = { error: failure === undefined ? error : suppress(error, failure.error) };
  };
  const disposeRest = (): unknown => {
    for (let resource = resources.pop(); resource !== undefined; resource = resources.pop()) {
      try {
        const result = resource.dispose?.call(resource.value);
        if (resource.isAsync) return Promise.resolve(result).catch(fail).then(disposeRest);
      } catch (error) {
        fail(error);
      }
    }
    if (failure !== undefined) throw failure.error;
    return undefined;
  };
  return {
    u: (value: unknown) => add(value, false),
    a: (value: unknown) => add(value, true),
    set e(error: unknown) {
      fail(error);
    },
    d: disposeRest,
  };
}

/** @throws TypeError for what can be neither disposed of nor left out. */
function disposerOf(value: unknown, isAsync: boolean): (() => unknown) | undefined {
  if (value === null || value === undefined) return undefined;
  const object = value as Record<symbol, unknown>;
  const { dispose, asyncDispose } = Symbol as unknown as { dispose: symbol; asyncDispose: symbol };
  const disposer = (isAsync ? object[asyncDispose] : undefined) ?? object[dispose];
  if (typeof disposer !== 'function')
    throw new TypeError('the value of a using declaration is not disposable');
  return disposer as () => unknown;
}

function suppress(error: unknown, suppressed: unknown): Error {
  return Object.assign(new Error('an error was suppressed while a resource was disposed of'), {
    name: 'SuppressedError',
    error,
    suppressed,
  });
}
