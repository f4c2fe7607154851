import { load, store } from './stored.ts';

/** How long the longest side of a picture may be that is attached; 0: as it is. */
export const SIDES = [0, 1024, 1536, 2048, 3072];

class Pictures {
	side = $state(0);

	constructor() {
		const side = load('pictures', 0);
		this.side = SIDES.includes(side) ? side : 0;
	}

	choose(side: number): void {
		this.side = side;
		store('pictures', side || null);
	}
}

export const pictures = new Pictures();
