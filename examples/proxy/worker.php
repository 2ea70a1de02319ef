<?php
// A worker that keeps its connection: says how many requests it has had, and what it was sent.
$gateway = curl_init();

function call(string $url, ?string $body = null): array
{
    global $gateway;
    $fields = [];
    curl_reset($gateway);
    curl_setopt_array($gateway, [
        CURLOPT_UNIX_SOCKET_PATH => getenv("REPLY_SOCKET"),
        CURLOPT_URL => $url,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_HEADERFUNCTION => function ($_, string $line) use (&$fields): int {
            [$name, $value] = explode(":", $line, 2) + [1 => ""];
            $fields[strtolower($name)] = trim($value);
            return strlen($line);
        },
    ]);
    if ($body !== null) {
        curl_setopt($gateway, CURLOPT_POSTFIELDS, $body);
        curl_setopt($gateway, CURLOPT_HTTPHEADER, ["Content-Type: application/json"]);
    }
    $answer = curl_exec($gateway);
    return [curl_getinfo($gateway, CURLINFO_RESPONSE_CODE), $fields, $answer];
}

for ($count = 0;;) {
    [$status, $fields, $payload] = call(getenv("NEXT_URL"));
    if ($status === 204) {
        continue;
    }
    if ($status !== 200) {
        exit(0);
    }
    $name = json_decode($fields["urocket-parameters"], true)["path"]["name"] ?? null;
    $answer = ["count" => ++$count, "name" => $name, "length" => strlen($payload)];
    call($fields["urocket-reply-url"], json_encode($answer));
}
