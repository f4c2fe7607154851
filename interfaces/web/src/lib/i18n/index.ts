/** The words of the page, by key. One language so far; a missing key is a type error. */

import en from './locales/en.json';

export type Key = keyof typeof en;

const plurals = new Intl.PluralRules('en');

export function t(key: Key, values: Record<string, string | number> = {}): string {
	return en[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

/** A counted thing: `key.one` or `key.other`. */
export function count(key: Counted, n: number): string {
	const form = plurals.select(n) === 'one' ? 'one' : 'other';
	return t(`${key}.${form}` as Key, { n: n.toLocaleString('en') });
}

type Counted = Key extends infer K ? (K extends `${infer Base}.other` ? Base : never) : never;
