/** The keys that act on messages. */

import type { Message } from '#lib/api/types.ts';
import { copyText } from '../common/copy.ts';

interface Actions {
	running: boolean;
	stop: () => void;
	messages: () => Message[];
}

const shown = () => [...document.querySelectorAll<HTMLElement>('[data-message]')];

export function chatKeys(event: KeyboardEvent, actions: Actions): void {
	if (event.defaultPrevented || document.querySelector('dialog[open]')) return;
	const control = event.ctrlKey || event.metaKey;
	if (event.key === 'Escape' && !event.shiftKey && actions.running) actions.stop();
	else if (control && event.shiftKey && event.code === 'KeyC') copyLast(event, actions);
	else if (control && event.shiftKey && event.code === 'Semicolon') copyCode(event);
	else if (event.altKey && !control && event.key.startsWith('Arrow')) move(event);
}

function copyLast(event: KeyboardEvent, actions: Actions): void {
	const last = actions.messages().findLast((each) => each.role === 'assistant');
	if (!last) return;
	event.preventDefault();
	void copyText(last.content);
}

function copyCode(event: KeyboardEvent): void {
	const code = [...document.querySelectorAll('.code code')].at(-1)?.textContent;
	if (!code) return;
	event.preventDefault();
	void copyText(code);
}

/** Up and down: from message to message. Left and right: to the other branches of one. */
function move(event: KeyboardEvent): void {
	const all = shown();
	const focused = document.activeElement?.closest<HTMLElement>('[data-message]') ?? null;
	const at = focused ? all.indexOf(focused) : all.length;
	if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
		const next = all[at + (event.key === 'ArrowUp' ? -1 : 1)];
		if (!next) return;
		event.preventDefault();
		next.focus();
		next.scrollIntoView({ block: 'nearest' });
		return;
	}
	const which = event.key === 'ArrowLeft' ? 'previous' : 'next';
	const place = focused ?? all.findLast((each) => each.querySelector('[data-branch]'));
	const button = place?.querySelector<HTMLButtonElement>(`[data-branch="${which}"]`);
	if (!button) return;
	event.preventDefault();
	button.click();
}
