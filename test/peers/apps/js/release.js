/** Lets `/stream` hold its second half back until someone asks for `/release`. */
let release = () => {};

export async function* twoHalves() {
  const released = new Promise((resolve) => {
    release = resolve;
  });
  yield 'first\n';
  await released;
  yield 'second\n';
}

export function releaseSecondHalf() {
  release();
}
