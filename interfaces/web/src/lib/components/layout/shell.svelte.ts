import { SvelteSet } from 'svelte/reactivity';

/** What is open over the page, and what has ended elsewhere. */
class Shell {
	sheet = $state(false);
	palette = $state(false);
	shortcuts = $state(false);
	trash = $state(false);
	/** Chats in which an answer ended while they were not looked at. */
	ended = new SvelteSet<string>();
}

export const shell = new Shell();
