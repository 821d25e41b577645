import { GenuineRequest, GenuineResponse, genuineFetch } from './genuine.js';
import { type LightState, lightStateOf, likeMember, teachMembers } from './light-members.js';
import { lightRequestMembers } from './light-request.js';
import { createResponseClass, lightResponseMembers } from './light-response.js';

/**
 * Before any script is loaded: from now on `Response` makes objects that cost little as long as they are only returned, and `Request`
 * and `fetch` know the like of them that hosted applications are called with. Genuine and light objects have the same prototypes,
 * so that each is an instance of the same class as the other, and whoever adds to a prototype adds to both.
 */
export function installLightFetch(): void {
  teachMembers(GenuineRequest.prototype, lightRequestMembers);
  teachMembers(GenuineResponse.prototype, lightResponseMembers);
  install('Request', GenuineRequest.prototype, createRequestClass());
  install('Response', GenuineResponse.prototype, createResponseClass());
  const fetch = (...given: Parameters<typeof genuineFetch>) => genuineFetch(...standIn(given));
  replaceGlobal('fetch', likeMember(fetch, genuineFetch));
}

function install(name: string, prototype: object, itsClass: object): void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'constructor');
  Object.defineProperty(prototype, 'constructor', { ...descriptor, value: itsClass });
  replaceGlobal(name, itsClass);
}

function replaceGlobal(name: string, value: unknown): void {
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, {
    value,
    writable: true,
    configurable: true,
    enumerable: descriptor?.enumerable ?? false,
  });
}

/** The genuine class, but that it takes a light Request for the one it stands for. */
function createRequestClass(): typeof Request {
  return new Proxy(GenuineRequest, {
    construct: (target, given: readonly unknown[], newTarget) =>
      Reflect.construct(target, standIn(given), newTarget) as Request,
  });
}

/** The same arguments, with the genuine Request if the first one is light. */
function standIn<Given extends readonly unknown[]>(given: Given): Given {
  const [input, ...rest] = given;
  if (!(input instanceof GenuineRequest)) return given;
  const state = lightStateOf<LightState<Request>>(input);
  return state === undefined ? given : ([state.genuine(), ...rest] as unknown as Given);
}
