// Starts Swagger UI on the page of the API's description.

interface SwaggerOptions {
  url: string;
  dom_id: string;
  deepLinking: boolean;
  validatorUrl: null;
}

declare const SwaggerUIBundle: (options: SwaggerOptions) => unknown;

SwaggerUIBundle({ url: "openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null });
