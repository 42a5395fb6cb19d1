// The migration as a team would write it with the AWS SDK for JavaScript: page by page, 25 conditional updates in flight.
import { readFileSync } from "node:fs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, UpdateCommand, paginateScan } from "@aws-sdk/lib-dynamodb";

const TABLE = "people";
const IN_FLIGHT = 25;
const ADDRESS = /^(?<street>[^,]+), *(?<city>[^,]+), *(?<state>[A-Z]{2})$/;

const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));

for await (const page of paginateScan({ client }, { TableName: TABLE })) {
  const old = page.Items.filter((item) => item.address !== undefined && item.addressDetails === undefined);
  for (let first = 0; first < old.length; first += IN_FLIGHT) {
    await Promise.all(old.slice(first, first + IN_FLIGHT).map(change));
  }
}

function change(item) {
  const { street, city, state } = ADDRESS.exec(item.address).groups;
  return client.send(
    new UpdateCommand({
      TableName: TABLE,
      Key: { pk: item.pk },
      UpdateExpression: "SET addressDetails = :details, postalCode = :zip, version = :version REMOVE zip",
      ConditionExpression: "address = :address AND zip = :zip AND attribute_not_exists(addressDetails)",
      ExpressionAttributeValues: {
        ":details": { street, city, state },
        ":zip": item.zip,
        ":version": 2,
        ":address": item.address,
      },
      ReturnConsumedCapacity: "TOTAL",
    }),
  );
}

// The benchmark reads this line: the peak memory in kB.
console.log(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
