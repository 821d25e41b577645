/** Freezes a value and everything it holds. Maps and sets are left to their ReadonlyMap and ReadonlySet types. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  const members: Iterable<unknown> =
    value instanceof Map
      ? [...value.keys(), ...value.values()]
      : value instanceof Set
        ? value
        : Object.values(value);
  for (const member of members) deepFreeze(member);
  return value;
}
