"""The GraphQL documents that are sent to Dagster."""

_RUN_FIELDS = """
fragment RunFields on Run {
  runId jobName status creationTime startTime endTime
  tags { key value }
  stepStats { stepKey status startTime endTime }
}
"""

RUNS = (
    """
query TwinRuns($filter: RunsFilter, $limit: Int) {
  runsOrError(filter: $filter, limit: $limit) {
    __typename
    ... on Runs { results { ...RunFields } }
    ... on InvalidPipelineRunsFilterError { message }
    ... on PythonError { message }
  }
}
"""
    + _RUN_FIELDS
)

RUN = (
    """
query TwinRun($id: ID!) {
  runOrError(runId: $id) { __typename ...RunFields ... on PythonError { message } }
}
"""
    + _RUN_FIELDS
)

EVENTS = """
query TwinEvents($id: ID!, $cursor: String, $limit: Int) {
  logsForRun(runId: $id, afterCursor: $cursor, limit: $limit) {
    __typename
    ... on EventConnection {
      cursor hasMore
      events {
        __typename
        ... on MessageEvent { message timestamp level stepKey eventType }
        ... on ExecutionStepFailureEvent {
          error { message causes { message } }
          failureMetadata { description }
        }
        ... on RunFailureEvent { error { message causes { message } } }
        ... on AssetCheckEvaluationEvent { evaluation { checkName success assetKey { path } } }
      }
    }
    ... on PythonError { message }
  }
}
"""

CANDIDATE = """
query TwinCandidate($key: AssetKeyInput!) {
  assetOrError(assetKey: $key) {
    __typename
    ... on Asset { assetMaterializations(limit: 1) { partition tags { key value } } }
  }
}
"""

LAUNCH = """
mutation TwinLaunch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on PipelineNotFoundError { message }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on InvalidSubsetError { message }
    ... on UnauthorizedError { message }
    ... on RunConflict { message }
  }
}
"""

ADD_PARTITION = """
mutation TwinPartition($key: String!, $name: String!, $repository: RepositorySelector!) {
  addDynamicPartition(partitionKey: $key, partitionsDefName: $name, repositorySelector: $repository) {
    __typename
    ... on PythonError { message }
    ... on UnauthorizedError { message }
  }
}
"""
