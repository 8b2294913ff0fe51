{{- define "poolhouse.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "poolhouse.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "poolhouse.labels" -}}
{{ include "poolhouse.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "poolhouse.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "poolhouse.secret" -}}
{{- .Values.secret.existing | default (include "poolhouse.name" .) -}}
{{- end -}}

{{/* What every container of the chart is told. */}}
{{- define "poolhouse.env" -}}
- name: POOLHOUSE_MASTER_KEY
  valueFrom:
    secretKeyRef:
      name: {{ include "poolhouse.secret" . }}
      key: master-key
- name: POOLHOUSE_STORAGE_DATABASE
  valueFrom:
    secretKeyRef:
      name: {{ include "poolhouse.secret" . }}
      key: database-url
- name: POOLHOUSE_STORAGE_DATABASE_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "poolhouse.secret" . }}
      key: database-password
      optional: true
- name: POOLHOUSE_SERVER_PUBLIC_URL
  value: {{ required "publicUrl: how clients reach the API" .Values.publicUrl | quote }}
- name: POOLHOUSE_SERVER_ADMIN_LISTEN
  value: 0.0.0.0:9230
{{- range $key, $value := .Values.config }}
- name: POOLHOUSE_{{ $key | upper | replace "." "_" }}
  value: {{ $value | quote }}
{{- end }}
{{- with .Values.env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "poolhouse.podSecurity" -}}
runAsNonRoot: true
runAsUser: 9229
runAsGroup: 9229
fsGroup: 9229
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "poolhouse.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}
