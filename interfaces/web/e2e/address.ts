/** Where the product is: at an address that was given, or started here by the tests. */

import { join } from 'node:path';

// Workers are processes of their own that inherit this: several runs do not get in each other's way.
process.env.E2E_RUN ??= String(process.pid);
const RUN = process.env.E2E_RUN;
const PORTS_FROM = 20_000;
const PORTS = 10_000;

export const RESULTS = join(import.meta.dirname, '../test-results', RUN);
export const PERSON_STATE = join(RESULTS, 'person.json');
export const PORT = PORTS_FROM + 2 * (Number(RUN) % (PORTS / 2));
export const UPSTREAM_PORT = PORT + 1;
export const OWN = !process.env.QUIRE_URL;
export const ADDRESS = new URL(process.env.QUIRE_URL ?? `http://127.0.0.1:${PORT}`).origin;
/** A model server of the backend's tests, whose models say by their name how they answer. */
export const UPSTREAM = OWN
	? `http://127.0.0.1:${UPSTREAM_PORT}/v1`
	: (process.env.QUIRE_UPSTREAM ?? '');
