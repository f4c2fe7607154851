/** An answer that ended where nobody looks is told: in the title, and by the browser if it may. */

import type { Change } from '#lib/api/types.ts';
import { t } from '#lib/i18n/index.ts';
import { chats } from '#lib/state/chats.svelte.ts';
import { load } from '#lib/state/stored.ts';

const MARK = '● ';

export function noticeEnds(change: Change, shown: string | undefined): void {
	if (change.type !== 'answer.ended' || !change.chat_id) return;
	if (change.chat_id === shown && !document.hidden) return;
	mark();
	tell(change.chat_id);
}

/** Puts the mark before whatever the title is, until the page is looked at. */
function mark(): void {
	if (document.hidden && !document.title.startsWith(MARK)) document.title = MARK + document.title;
}

export function unmark(): void {
	if (document.hidden) return;
	if (document.title.startsWith(MARK)) document.title = document.title.slice(MARK.length);
}

function tell(chat: string): void {
	if (!document.hidden || !load('notify', false)) return;
	if (!('Notification' in globalThis) || Notification.permission !== 'granted') return;
	// The same tag from every tab: the browser shows it once.
	const note = new Notification(t('notify.title'), {
		body: chats.find(chat)?.title ?? '',
		tag: `quire-${chat}`
	});
	note.onclick = () => {
		window.focus();
		location.assign(`/c/${chat}`);
	};
}

if (typeof document !== 'undefined') document.addEventListener('visibilitychange', unmark);
