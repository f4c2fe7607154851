/** Times as people say them. */

import { t } from './index.ts';

const DAY = 86_400_000;
const clock = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit' });
const date = new Intl.DateTimeFormat('en', { dateStyle: 'medium' });
const both = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
const month = new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric' });

export const shortTime = (iso: string) => clock.format(new Date(iso));
export const shortDate = (iso: string) => date.format(new Date(iso));
export const fullTime = (iso: string | null) => (iso ? both.format(new Date(iso)) : t('never'));

/** The heading a chat stands under. */
export function period(iso: string, now: Date = new Date()): string {
	const then = new Date(iso);
	const today = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
	if (then.getTime() >= today) return t('period.today');
	if (then.getTime() >= today - DAY) return t('period.yesterday');
	if (then.getTime() >= today - 7 * DAY) return t('period.week');
	if (then.getTime() >= today - 30 * DAY) return t('period.month');
	return month.format(then);
}

export function seconds(value: number): string {
	if (value < 1) return t('seconds.short');
	if (value < 60) return t('seconds', { n: Math.round(value) });
	return t('minutes', { m: Math.floor(value / 60), s: Math.round(value % 60) });
}
