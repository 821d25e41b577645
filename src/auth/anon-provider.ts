import { toByteString } from '../http/index.js';
import type { Provider, ProviderAnswer } from './authenticate.js';

/** `AuthBasicProvider anon`: guests, whose password is anything, or an address. */
export function createAnonProvider(): Provider {
  return async (_request, settings, { user, password }) => {
    const { anonymousUsers = [], anonymousNeedsNoUser = false } = settings;
    const isGuest =
      user === ''
        ? anonymousNeedsNoUser
        : anonymousUsers.some((name) => name === '*' || lowerAscii(toByteString(name)) === lowerAscii(user));
    if (!isGuest) return { kind: 'user-not-found' };
    const {
      anonymousMustGiveEmail = true,
      anonymousVerifyEmail = false,
      anonymousLogEmail = true,
    } = settings;
    if (anonymousMustGiveEmail && password === '') return mismatch;
    if (anonymousVerifyEmail && !(password.includes('@') && password.includes('.'))) return mismatch;
    const notice = { module: 'authn_anon', text: `AH01672: Anonymous: Passwd <${password}> Accepted` };
    return { kind: 'granted', user, isGuest: true, ...(anonymousLogEmail ? { notice } : {}) };
  };
}

/** Byte strings have no other letters. */
function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

const mismatch: ProviderAnswer = { kind: 'denied', why: 'Password Mismatch' };
