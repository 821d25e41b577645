/** Node's own classes of the Fetch standard, as they were before a hosted application could see others in their place. */
export const GenuineRequest = globalThis.Request;
export const GenuineResponse = globalThis.Response;
export const GenuineHeaders = globalThis.Headers;
export const genuineFetch = globalThis.fetch;
