/** What is open over the page. */
class Shell {
	sheet = $state(false);
	palette = $state(false);
	shortcuts = $state(false);
	trash = $state(false);
}

export const shell = new Shell();
