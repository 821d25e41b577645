import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const packageParent = fileURLToPath(new URL('../../../src/daemon/python', import.meta.url));

/** Prints the share of the time that counts for a thread that had nothing to do for a while and then works for as long. */
const program = `
import sys, threading, time
sys.path.insert(0, sys.argv[1])
from modhost_daemon.appetite import Appetite

def spin():
    end = time.thread_time() + 0.1
    while time.thread_time() < end:
        pass

work = {'spin': spin, 'sleep': lambda: time.sleep(0.1)}[sys.argv[2]]
appetites = []
made, begins, done = (threading.Semaphore(0) for _ in range(3))

def live():
    appetites.append(Appetite())
    made.release()
    begins.acquire()
    work()
    done.release()
    begins.acquire()

threading.Thread(target=live, daemon=True).start()
made.acquire()
# More than there ever is: so that what the thread waited for a processor is asked for, too.
enough = 1e9
appetites[0].measure(enough, lambda now: 0.0)
begun = time.monotonic()
time.sleep(0.1)
idle = time.monotonic() - begun
begins.release()
done.acquire()
time.sleep(0.005)
print(appetites[0].measure(enough, lambda now: idle))
`;

const measure = (work: string): number =>
  Number(execFileSync('python3', ['-c', program, packageParent, work], { encoding: 'utf8' }));

it('the appetite of a thread is that of the time in which it had something to do', () => {
  expect(measure('spin')).toBeGreaterThan(0.75);
  expect(measure('sleep')).toBeLessThan(0.5);
});
