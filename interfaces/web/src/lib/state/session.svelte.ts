import { ApiError, known } from '#lib/api/client.ts';
import * as accounts from '#lib/api/accounts.ts';
import type { User } from '#lib/api/types.ts';

/** Who uses this browser. */
class SessionState {
	user = $state<User | null>(null);
	/** Null until the server was asked. */
	known = $state(false);

	get isAdministrator(): boolean {
		return this.user?.role === 'administrator';
	}

	/** Who is signed in; null when nobody is. Throws when the server cannot be asked. */
	async load(): Promise<User | null> {
		try {
			this.user = (await accounts.session()).user;
		} catch (error) {
			if (!(error instanceof ApiError) || error.status !== 401) throw error;
			this.user = null;
		}
		this.known = true;
		return this.user;
	}

	enter(user: User): void {
		known.forget();
		this.user = user;
		this.known = true;
	}

	leave(): void {
		this.user = null;
		known.forget();
	}
}

export const session = new SessionState();
