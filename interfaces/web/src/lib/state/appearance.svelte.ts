import { load, store } from './stored.ts';

export type Theme = 'light' | 'dark' | 'system';
export const SIZES = [90, 100, 110, 125];

/** How this browser shows things. `static/theme.js` does the same before the first paint. */
class Appearance {
	theme = $state<Theme>('system');
	size = $state(100);
	sidebar = $state(true);

	constructor() {
		const saved = load<{ theme?: Theme; size?: number }>('appearance', {});
		this.theme = saved.theme ?? 'system';
		this.size = saved.size ?? 100;
		this.sidebar = load('sidebar', true);
		matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.show());
	}

	choose(theme: Theme): void {
		this.theme = theme;
		this.save();
	}

	resize(size: number): void {
		this.size = size;
		this.save();
	}

	toggleSidebar(): void {
		this.sidebar = !this.sidebar;
		store('sidebar', this.sidebar);
	}

	get dark(): boolean {
		return this.theme === 'system'
			? matchMedia('(prefers-color-scheme: dark)').matches
			: this.theme === 'dark';
	}

	private save(): void {
		store('appearance', { theme: this.theme, size: this.size });
		this.show();
	}

	private show(): void {
		document.documentElement.dataset.theme = this.dark ? 'dark' : 'light';
		document.documentElement.style.fontSize = this.size === 100 ? '' : `${this.size}%`;
	}
}

export const appearance = new Appearance();
