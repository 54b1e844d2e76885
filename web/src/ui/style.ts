// Style sheets that only some views need.

const loaded = new Map<string, Promise<void>>();

/** Loads a sheet once. One that could not be loaded is asked for again. */
export function loadStyle(name: string): Promise<void> {
  const known = loaded.get(name);
  if (known) return known;
  const loading = new Promise<void>((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = name;
    link.onload = () => resolve();
    link.onerror = () => {
      loaded.delete(name);
      link.remove();
      reject(new Error(`${name} cannot be loaded`));
    };
    document.head.append(link);
  });
  loaded.set(name, loading);
  return loading;
}
