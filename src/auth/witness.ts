import type {
  AccessOrder,
  AuthScript,
  DirectorySettings,
  HostTest,
  Limited,
  Requirement,
} from '../config/model.js';
import type { ProviderAnswer } from './authenticate.js';
import type { TestResult } from './client-tests.js';
import type { Question } from './facts.js';
import type { RealmHash } from './realm-hashes.js';
import type { Outcome } from './requirement.js';

/** One judgement on the way to a verdict, in the order in which they are made. */
export type Judgement =
  /** Order, for the method of the request, and what came of it together with Satisfy. */
  | {
      readonly kind: 'host-access';
      readonly order: AccessOrder;
      readonly satisfy: 'all' | 'any';
      readonly outcome: 'granted' | 'denied';
    }
  /** One word behind Allow or Deny. */
  | {
      readonly kind: 'host-test';
      readonly list: 'Allow' | 'Deny';
      readonly test: Limited<HostTest>;
      readonly outcome: TestResult | 'other-method';
    }
  /** A node of the Require tree, its parts before it. */
  | {
      readonly kind: 'requirement';
      readonly requirement: Requirement;
      readonly outcome: Outcome | 'other-method';
    }
  /** The Require tree has been judged as a whole; `user`: for whom. */
  | {
      readonly kind: 'requirements';
      readonly requirement: Requirement;
      readonly outcome: Outcome;
      readonly user: string | undefined;
    }
  /** Something has to be found out first; the judgement begins anew. */
  | { readonly kind: 'question'; readonly question: Question }
  /** Nobody offers a name and a password: whoever has them may come again. */
  | { readonly kind: 'challenge'; readonly authType: string; readonly settings: DirectorySettings }
  /** A word of AuthBasicProvider. */
  | { readonly kind: 'provider'; readonly name: string; readonly answer: ProviderAnswer }
  /** What allow_access() says. */
  | {
      readonly kind: 'access-script';
      readonly script: AuthScript;
      readonly outcome: 'granted' | 'denied' | 'fault';
    }
  /** A word of AuthDigestProvider. */
  | {
      readonly kind: 'digest-provider';
      readonly name: string;
      readonly user: string;
      readonly answer: RealmHash;
    };

/** Is told every judgement, for `explain`. */
export type Witness = (judgement: Judgement) => void;
