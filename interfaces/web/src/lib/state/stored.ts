/** What this browser keeps for itself. Storage may be full or forbidden: then nothing is kept. */

export function load<T>(name: string, otherwise: T): T {
	try {
		const text = localStorage.getItem(`quire.${name}`);
		return text === null ? otherwise : (JSON.parse(text) as T);
	} catch {
		return otherwise;
	}
}

export function store(name: string, value: unknown): void {
	try {
		if (value === null || value === undefined || value === '')
			localStorage.removeItem(`quire.${name}`);
		else localStorage.setItem(`quire.${name}`, JSON.stringify(value));
	} catch {
		// Not kept, and nothing depends on it.
	}
}
