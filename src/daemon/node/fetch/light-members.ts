/** Under this, a light object keeps what it was made of. */
export const lightState = Symbol('modhost.light');

/** What stands behind a light object: it answers some members by itself, and makes the genuine object for all others. */
export interface LightState<Genuine extends object> {
  /** The same object each time. */
  genuine(): Genuine;
}

/** Members that a state answers by itself: for getters, and for methods. */
export type LightMembers<State> = Readonly<Record<string, (state: State, ...parameters: never[]) => unknown>>;

type Member = (this: unknown, ...parameters: unknown[]) => unknown;

/**
 * Teaches the members of a genuine class's prototype about light objects, which have the same prototype. For genuine ones nothing
 * changes; a light one is answered by `members`, or stood in for by its genuine object. Members that a newer Node has are among them.
 */
export function teachMembers<Genuine extends object, State extends LightState<Genuine>>(
  prototype: Genuine,
  members: LightMembers<State>,
): void {
  // Those named by symbols are for printing, and ask the others.
  for (const key of Object.getOwnPropertyNames(prototype)) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, key);
    if (descriptor === undefined || key === 'constructor') continue;
    const { get, value } = descriptor;
    const own = Object.hasOwn(members, key) ? members[key] : undefined;
    const taught = own as ((state: State, ...parameters: unknown[]) => unknown) | undefined;
    if (get !== undefined) {
      Object.defineProperty(prototype, key, { ...descriptor, get: teachGetter(get, taught) });
    } else if (typeof value === 'function') {
      Object.defineProperty(prototype, key, { ...descriptor, value: teachMethod(value as Member, taught) });
    }
  }
}

/** The state of a light object; undefined for everything else. */
export function lightStateOf<State>(value: unknown): State | undefined {
  return (value as { readonly [lightState]?: State } | null | undefined)?.[lightState];
}

function teachGetter<State extends LightState<object>>(
  genuineGet: () => unknown,
  own: ((state: State) => unknown) | undefined,
): () => unknown {
  const get =
    own === undefined
      ? function (this: unknown): unknown {
          const state = lightStateOf<State>(this);
          return Reflect.apply(genuineGet, state === undefined ? this : state.genuine(), []);
        }
      : function (this: unknown): unknown {
          const state = lightStateOf<State>(this);
          return state === undefined ? Reflect.apply(genuineGet, this, []) : own(state);
        };
  return likeMember(get, genuineGet);
}

function teachMethod<State extends LightState<object>>(
  genuineMethod: Member,
  own: ((state: State, ...parameters: unknown[]) => unknown) | undefined,
): Member {
  // Shorthand methods cannot be constructed, as those of a class.
  const { method } = {
    method(this: unknown, ...parameters: unknown[]): unknown {
      const state = lightStateOf<State>(this);
      if (state === undefined) return Reflect.apply(genuineMethod, this, parameters);
      if (own !== undefined) return own(state, ...parameters);
      return Reflect.apply(genuineMethod, state.genuine(), parameters);
    },
  };
  return likeMember(method, genuineMethod);
}

/** With the name and the number of parameters that the genuine one has. */
export function likeMember<Given extends object>(given: Given, genuine: object): Given {
  for (const key of ['name', 'length']) {
    const descriptor = Object.getOwnPropertyDescriptor(genuine, key);
    if (descriptor !== undefined) Object.defineProperty(given, key, descriptor);
  }
  return given;
}
