/** Where the product is: at an address that was given, or started here by the tests. */

export const PORT = 8199;
export const UPSTREAM_PORT = 8198;
export const OWN = !process.env.QUIRE_URL;
export const ADDRESS = new URL(process.env.QUIRE_URL ?? `http://127.0.0.1:${PORT}`).origin;
/** A model server of the backend's tests, whose models say by their name how they answer. */
export const UPSTREAM = OWN
	? `http://127.0.0.1:${UPSTREAM_PORT}/v1`
	: (process.env.QUIRE_UPSTREAM ?? '');
