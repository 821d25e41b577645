// A script without the callable.
export const aplication = undefined;
