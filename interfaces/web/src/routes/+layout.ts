/** One page for all addresses: the server sends no HTML of its own. */
export const ssr = false;
export const prerender = false;
